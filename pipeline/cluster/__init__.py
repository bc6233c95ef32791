"""Runs on more than one machine, with Ray: docs/cluster.md. Nothing outside this folder imports ray."""
