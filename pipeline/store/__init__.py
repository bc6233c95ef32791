"""The store of reports and findings: a SQL schema with migrations, one transaction a report."""
