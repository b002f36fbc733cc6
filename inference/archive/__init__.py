"""Tagging whole archives: many files of several formats in, one output, in one run that can go on.

sources → readers → chunks → engine → spool and journal → sink
"""
