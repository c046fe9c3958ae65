"""Write the report of a dataset as an Excel workbook with native charts."""
