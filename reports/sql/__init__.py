"""Write SQL for Amazon Athena and Amazon Redshift from the declarations of answers and charts."""
