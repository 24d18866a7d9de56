"""How benchmarks are drawn. It imports matplotlib, so `dbparity.performance.plots` imports it late.

Nothing but shapes and light and dark is needed to tell what is drawn; the colours are Okabe and
Ito's, which people with any colour vision tell apart.
"""
