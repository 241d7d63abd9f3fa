"""One chat turn: a message comes in, an answer that can be checked goes out."""
