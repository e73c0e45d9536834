"""The library of `import onemap`: its methods are the verbs, frames in and frames out."""
