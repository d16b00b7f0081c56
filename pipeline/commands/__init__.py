"""The commands of the command line: each reads the settings and hands plain values down."""
