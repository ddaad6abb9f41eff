package seed

// account is one line of the chart of accounts.
type account struct {
	id     int32
	code   string
	name   string
	kind   string // "revenue" or "expense"
	active bool
}

// chart has the codes of the Czech chart of accounts, as far as a trading company needs them.
var chart = []account{
	{101, "602100", "Assembly and delivery services", "revenue", true},
	{102, "604100", "Goods sold, domestic", "revenue", true},
	{103, "604200", "Goods sold, European Union", "revenue", true},
	{104, "604300", "Goods sold, export", "revenue", true},
	{105, "648100", "Other operating income", "revenue", true},
	{106, "662100", "Interest received", "revenue", true},
	{201, "501100", "Office supplies", "expense", true},
	{202, "502100", "Energy", "expense", true},
	{203, "504100", "Goods bought, domestic", "expense", true},
	{204, "504200", "Goods bought, import", "expense", true},
	{205, "504900", "Returns and discounts", "expense", true},
	{206, "511100", "Repairs", "expense", true},
	{207, "512100", "Travel", "expense", true},
	{208, "518100", "Rent", "expense", true},
	{209, "518200", "Freight and postage", "expense", true},
	{210, "518300", "Advertising", "expense", true},
	{211, "518400", "Software and hosting", "expense", true},
	{212, "518500", "Accounting and legal services", "expense", true},
	{213, "518900", "Telex and fax", "expense", false},
	{214, "521100", "Wages", "expense", true},
	{215, "524100", "Social and health insurance", "expense", true},
	{216, "538100", "Taxes and fees", "expense", true},
	{217, "551100", "Depreciation", "expense", true},
	{218, "562100", "Interest paid", "expense", true},
	{219, "568100", "Bank charges", "expense", true},
}

// danglers are accounts that somebody closed and took out of the chart, while a cash desk went on booking to them.
var danglers = []int32{299, 301, 999}

// sign is +1 for revenue and -1 for expense.
func sign(id int32) Amount {
	for _, a := range chart {
		if a.id == id && a.kind == "revenue" {
			return 1
		}
	}
	return -1
}

// known reports whether the chart has the account.
func known(id int32) bool {
	for _, a := range chart {
		if a.id == id {
			return true
		}
	}
	return false
}
