package format

// DrawBook draws a workbook whose sheets hold fewer rows than the format allows.
var DrawBook = drawBook
