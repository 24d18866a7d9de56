"""How fast an application is: workloads, requirements, and gates that can be believed."""
