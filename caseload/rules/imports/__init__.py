"""What a program's spreadsheets mean: sheets of cells in, the fate of every row out.

Order of reading: `sheets` (cells as they came), `recognize` (which sheet is what, which column is what),
`patients` and `contacts` (a row becomes a typed candidate or a list of problems), `fates` (candidates against
what the organization has). Nothing here opens a file or writes anything.
"""
