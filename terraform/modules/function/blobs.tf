# Reads, creates, replaces, deletes and lists objects; nothing about the bucket itself. What a
# machine gets is cut down from this to one prefix.
resource "google_storage_bucket_iam_member" "blobs" {
  count = var.bucket == null ? 0 : 1

  bucket = var.bucket
  role   = "roles/storage.objectUser"
  member = local.member
}
