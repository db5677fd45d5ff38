"use strict";

window.Redoc.init(
  "/api/openapi.json",
  {
    disableSearch: false,
    hideDownloadButton: true,
    scrollYOffset: 52,
    theme: {
      colors: { primary: { main: "#0b6e6e" } },
      sidebar: { backgroundColor: "#f3f7f7", textColor: "#123" },
      rightPanel: { backgroundColor: "#0e2a33" },
      typography: {
        fontFamily: "system-ui, sans-serif",
        headings: { fontFamily: "system-ui, sans-serif" },
      },
    },
  },
  document.getElementById("reference"),
);
