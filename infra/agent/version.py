"""What the agent calls itself at hello."""

VERSION = "0.1.0"
