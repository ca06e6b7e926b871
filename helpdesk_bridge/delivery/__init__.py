"""Writes that must not be done twice: sending them, recording them, finding lost ones."""
