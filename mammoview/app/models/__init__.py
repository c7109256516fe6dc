"""The model bundles of this machine: installed whole, checked, recorded, one of them active."""
