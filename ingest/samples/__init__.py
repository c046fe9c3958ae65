"""Made-up landing files, one module a dataset, for trying the product without a city's data at hand."""
