# Reads the key, and which versions of it there are: each version is a rotation.
resource "google_secret_manager_secret_iam_member" "master_key" {
  for_each = var.master_key == null ? toset([]) : toset(["roles/secretmanager.secretAccessor", "roles/secretmanager.viewer"])

  secret_id = var.master_key
  role      = each.key
  member    = local.member
}
