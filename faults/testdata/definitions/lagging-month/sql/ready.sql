SELECT w.up_to >= @period_end AS ready
FROM books.watermark AS w
