"""The library for other systems and in a browser: verbs over MCP, as OGC API Processes, and pages."""
