# Objects by name, and no list of them.
resource "google_storage_bucket_iam_member" "site" {
  # checkov:skip=CKV_GCP_28:The site is for everybody to read; it is the one bucket that is

  bucket = google_storage_bucket.site.name
  role   = "roles/storage.legacyObjectReader"
  member = "allUsers"
}
