resource "google_firestore_backup_schedule" "daily" {
  count = var.backup_days > 0 ? 1 : 0

  database  = google_firestore_database.store.name
  retention = "${var.backup_days * 86400}s"

  daily_recurrence {}
}
