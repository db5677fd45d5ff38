# The moment after which a document counts as absent. It rises with every write, so it is kept out
# of the automatic index, which would hold a collection near 500 writes a second.
resource "google_firestore_field" "expiry" {
  for_each = toset(local.store.expiring)

  database   = google_firestore_database.store.name
  collection = each.key
  field      = local.store.expiry_field

  ttl_config {}
  index_config {}
}
