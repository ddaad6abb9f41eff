"""The month as it is often written first: all rows in a list, loops that check them, loops that add them up.

The rules and the datasets are those of definition/month, the result is the same files. The database is named by libpq's
environment variables; the one argument is the folder to write to.
"""
import csv
import os
import sys
from collections import Counter, defaultdict
from datetime import datetime, timezone
from decimal import Decimal

from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, Numeric, String, Table, create_engine

metadata = MetaData(schema="bench")
accounts = Table("accounts", metadata, Column("id", Integer), Column("name", String), Column("kind", String))
transactions = Table(
    "transactions", metadata,
    Column("id", BigInteger), Column("booked_at", DateTime(timezone=True)), Column("account_id", Integer),
    Column("category", String), Column("region", String), Column("method", String), Column("counterparty", String),
    Column("description", String), Column("amount", Numeric(18, 2)), Column("currency", String),
)


class FinancialProcessor:
    def __init__(self, connection, folder):
        self.connection = connection
        self.folder = folder

    def process_monthly_report(self, month, year):
        raw_data = self.extract_data(month, year)
        validated_data = self.validate_data(raw_data)
        self.generate_report(validated_data)
        return len(raw_data), len(validated_data)

    def extract_data(self, month, year):
        start = datetime(year, month, 1, tzinfo=timezone.utc)
        end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=timezone.utc)
        self.accounts = {a.id: a for a in self.connection.execute(accounts.select()).fetchall()}
        query = transactions.select().where(transactions.c.booked_at >= start, transactions.c.booked_at < end)
        return self.connection.execute(query).fetchall()

    def validate_data(self, raw_data):
        ids = Counter(t.id for t in raw_data)
        valid, rejected, unnamed = [], [], 0
        for t in raw_data:
            rules = []
            if t.amount is None or t.amount == 0:
                rules.append("amount-present")
            if t.account_id not in self.accounts:
                rules.append("known-account")
            if ids[t.id] > 1:
                rules.append("unique-id")
            if t.currency not in ("CZK", "EUR", "USD"):
                rules.append("known-currency")
            if not t.counterparty.strip():
                unnamed += 1
            if rules:
                rejected.append((t, rules))
            else:
                valid.append(t)
        total = sum((t.amount or Decimal(0) for t in raw_data), Decimal(0))
        kept = sum((t.amount for t in valid), Decimal(0)) + sum((t.amount or Decimal(0) for t, _ in rejected), Decimal(0))
        if total != kept:
            raise ValueError("amounts were lost")
        if len(rejected) * 10 > len(raw_data):
            raise ValueError("more than 10 % are rejected")
        return valid

    def generate_report(self, data):
        by_account = self.sums(data, lambda t: (t.account_id, self.accounts[t.account_id].name, t.currency))
        by_category = self.sums(data, lambda t: (t.category, t.currency))
        daily = self.sums(data, lambda t: (t.booked_at.astimezone(timezone.utc).date(), t.currency))
        by_region = self.sums(data, lambda t: (t.region, self.accounts[t.account_id].kind, t.currency))
        turnover = self.sums(data, lambda t: (t.counterparty, t.currency), abs)
        turnover = sorted(turnover, key=lambda row: (-row[-1], row[:-2]))[:50]
        self.write("by_account", ["id", "name", "currency", "transactions", "amount"], by_account)
        self.write("by_category", ["category", "currency", "transactions", "amount"], by_category)
        self.write("daily", ["day", "currency", "transactions", "amount"], daily)
        self.write("by_region", ["region", "kind", "currency", "transactions", "amount"], by_region)
        self.write("top_counterparties", ["counterparty", "currency", "transactions", "turnover"], turnover)

    def sums(self, data, key, value=lambda amount: amount):
        counts, amounts = defaultdict(int), defaultdict(Decimal)
        for t in data:
            k = key(t)
            counts[k] += 1
            amounts[k] += value(t.amount)
        return [(*k, counts[k], amounts[k]) for k in sorted(counts)]

    def write(self, name, header, rows):
        with open(os.path.join(self.folder, name + ".csv"), "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)


with create_engine("postgresql+psycopg2://").connect() as connection:
    extracted, valid = FinancialProcessor(connection, sys.argv[1]).process_monthly_report(3, 2026)
    print(extracted, valid)
