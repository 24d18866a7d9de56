"""A library of prompts: templates of a workspace, their versions and what models made of them."""
