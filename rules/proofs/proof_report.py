"""stub"""
def check_reports(values): pass
def write_reports(values, proof, result, context): return []
