output "url" {
  description = "Where the function answers; the audience of whoever calls it."
  value       = var.url
}

output "service" {
  description = "The name of its Cloud Run service."
  value       = google_cloudfunctions2_function.this.name
}

output "caller_email" {
  description = "The account that may call it; null where everybody may."
  value       = one(local.caller_emails)
}
