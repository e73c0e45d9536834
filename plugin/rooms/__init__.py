"""The rooms of the dock, in which somebody asks and decides."""
