"""Write reports as dashboards for Grafana. The dashboards query the curated tables with Amazon Athena."""
