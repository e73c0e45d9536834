"""What somebody gets who writes `import onemap`: a library whose methods are the verbs, frames in and frames out."""
