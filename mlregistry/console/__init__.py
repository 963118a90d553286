"""What the pages that people look at share: their site, navigation, panels and search. Apps bring the pages."""
