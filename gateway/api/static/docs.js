// Addresses are relative to the page, so that it works under any mount prefix. Keys stay in the page's memory.
SwaggerUIBundle({
  dom_id: "#reference",
  url: "openapi.json",
  docExpansion: "list",
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
