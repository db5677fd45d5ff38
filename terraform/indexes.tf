# From the queries that the code declares: `python -m infra.packaging.indexes --write`.
locals {
  store = jsondecode(file("${path.module}/store.json"))
}

resource "google_firestore_index" "query" {
  for_each = { for index in local.store.indexes : index.name => index }

  database    = google_firestore_database.store.name
  collection  = each.value.collection
  query_scope = "COLLECTION"

  dynamic "fields" {
    for_each = each.value.fields

    content {
      field_path   = fields.value.field
      order        = fields.value.mode == "CONTAINS" ? null : fields.value.mode
      array_config = fields.value.mode == "CONTAINS" ? "CONTAINS" : null
    }
  }
}
