package seed

// trade is one sort of everyday booking.
type trade struct {
	category string
	account  int32
	share    int64 // of the everyday bookings, in thousandths
	least    Amount
	most     Amount // before the month's growth; small amounts are more frequent
	parties  []string
	says     string // the description, before the document's number
}

// trades are chosen by their shares, which add up to 1000.
var trades = []trade{
	{"Sales", 102, 340, 400 * crown, 48_000 * crown, customers, "Invoice"},
	{"Sales", 103, 100, 2_000 * crown, 120_000 * crown, customers, "Invoice"},
	{"Sales", 104, 30, 5_000 * crown, 260_000 * crown, customers, "Invoice"},
	{"Services", 101, 80, 600 * crown, 11_000 * crown, customers, "Assembly"},
	{"Goods", 203, 130, 1_500 * crown, 96_000 * crown, suppliers, "Delivery"},
	{"Goods", 204, 90, 2_500 * crown, 128_000 * crown, suppliers, "Import"},
	{"Freight", 209, 100, 90 * crown, 17_500 * crown, carriers, "Consignment"},
	{"Advertising", 210, 40, 1_000 * crown, 34_000 * crown, agencies, "Campaign"},
	{"Returns", 205, 30, 250 * crown, 22_000 * crown, customers, "Credit note"},
	{"Office", 201, 25, 40 * crown, 5_600 * crown, shops, "Supplies"},
	{"Travel", 207, 20, 120 * crown, 9_000 * crown, hosts, "Journey"},
	{"Software", 211, 8, 300 * crown, 23_000 * crown, publishers, "Licence"},
	{"Repairs", 206, 7, 500 * crown, 31_000 * crown, craftsmen, "Repair"},
}

func shares() []int64 {
	weights := make([]int64, len(trades))
	for i, t := range trades {
		weights[i] = t.share
	}
	return weights
}

// standing is a booking that comes every month.
type standing struct {
	day      int // of the month; 0 is its last day
	category string
	account  int32
	amount   Amount // without its sign
	party    string
	says     string
}

// standings are the standing bookings of one month; wages follow the staff, energy the cold.
func standings(m *month, d dice) []standing {
	cold := []Amount{196, 184, 158, 121, 92, 74, 70, 71, 88, 119, 151, 182}[m.month-1] * 1000 * crown
	all := []standing{
		{1, "Taxes", 216, 18_400 * crown, "Finanční úřad", "Road tax and fees"},
		{5, "Rent", 208, 385_000 * crown, "Sklady Letňany a.s.", "Warehouse and office"},
		{15, "Energy", 202, cold + Amount(d.below(9_000))*crown + Amount(d.below(100)), "Pražské teplo a světlo a.s.", "Electricity and heat"},
		{20, "Accounting", 212, 42_350 * crown, "Účetní dům Bilance s.r.o.", "Bookkeeping"},
		{0, "Depreciation", 217, 312_480 * crown, "Aurora Trading s.r.o.", "Depreciation of the month"},
		{0, "Interest", 218, 27_916*crown + 67, "Banka Most a.s.", "Loan for the warehouse"},
		{0, "Interest", 106, 1_204*crown + Amount(d.below(40_000)), "Banka Most a.s.", "Interest on the account"},
		{0, "Bank", 219, 6_310*crown + Amount(d.below(300_000)), "Banka Most a.s.", "Charges of the month"},
		{0, "Other income", 105, 9_000*crown + Amount(d.below(900_000)), "Sklady Letňany a.s.", "Sublet of a ramp"},
	}
	for i := range m.staff {
		wage := 34_000*crown + Amount(i*i)*19*crown + Amount(d.below(150_000))
		who := employee(i)
		all = append(all, standing{10, "Payroll", 214, wage, who, "Wage"},
			// 33.8 % of the wage, rounded up to the crown as the law has it.
			standing{10, "Payroll", 215, (wage*338 + 99_999) / 100_000 * crown, who, "Insurance"})
	}
	return all
}
