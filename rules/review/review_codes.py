"""The words of the review that are codes: states, conclusions, and who drafts what the findings say."""

CASE_STATES = ("draft", "circulating", "consolidated", "issued", "withdrawn")
OPINION_STATES = ("drafted", "signed", "returned", "void", "deemed")
CONCLUSIONS = ("agree", "conditional", "disagree", "not_involved", "supplement")
OPEN = "open"  # of a draft alone: the machine proposes nothing, and a person must choose
OVERDUE = ("escalate", "consent")
MACHINE = "onemap"
