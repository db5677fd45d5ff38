module "function" {
  source   = "./modules/function"
  for_each = local.functions

  project_id    = var.project_id
  region        = var.region
  name          = each.key
  service       = local.services_of[each.key]
  url           = local.urls[each.key]
  declared      = each.value
  runtime       = var.runtime
  archive       = "${var.build_folder}/${each.key}.zip"
  source_bucket = google_storage_bucket.sources.name
  repository    = google_artifact_registry_repository.images.id
  builder       = "${google_service_account.builder.account_id}@${var.project_id}.iam.gserviceaccount.com"
  labels        = local.labels

  # Machines come straight to their function, whatever stands before the others.
  behind_balancer = local.balanced && each.key != local.machine
  environment     = local.environment
  market_keys     = contains(each.value.capabilities, "marketplace") ? var.market_keys : {}

  topics         = toset([for topic in try(each.value.publishes, []) : google_pubsub_topic.event[topic].name])
  rejected       = { for name, topic in local.listening : topic => google_pubsub_topic.rejected[topic].name if name == each.key }
  scheduler_role = contains(each.value.capabilities, "scheduler") ? "projects/${var.project_id}/roles/${google_project_iam_custom_role.scheduler.role_id}" : null
  database       = contains(each.value.capabilities, "store") ? google_firestore_database.store.name : null
  bucket         = contains(each.value.capabilities, "blobs") ? google_storage_bucket.snapshots.name : null
  master_key     = contains(each.value.capabilities, "secrets") ? google_secret_manager_secret.master_key.secret_id : null

  # Without its rights a build ends in an error, and not in a second try.
  depends_on = [
    google_project_service.used,
    google_artifact_registry_repository_iam_member.builder,
    google_project_iam_member.builder_logs,
    google_storage_bucket_iam_member.builder,
  ]
}
