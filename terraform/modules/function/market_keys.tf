# The deployment's own keys of marketplaces, where it has any.
resource "google_secret_manager_secret_iam_member" "market_key" {
  for_each = var.market_keys

  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = local.member
}
