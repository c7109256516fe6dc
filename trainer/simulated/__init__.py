"""Simulated calcification clusters set into real pictures: a stand-in, always called that."""
