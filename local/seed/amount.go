package seed

import "fmt"

// Amount is money in haléře, the hundredths of a crown.
type Amount int64

// crown is the unit in which amounts are thought of.
const crown Amount = 100

// String is the amount in crowns, with two digits after the point: "-12.05".
func (a Amount) String() string {
	sign := ""
	if a < 0 {
		sign, a = "-", -a
	}
	return fmt.Sprintf("%s%d.%02d", sign, a/crown, a%crown)
}
