"""Long tasks as processes of their own: they go on when the page or the server that started them is gone."""
