"""Models that LangChain opens, as protocols of ours."""
