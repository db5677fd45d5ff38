output "address" {
  description = "Where the host name's A record is to point."
  value       = google_compute_global_address.this.address
}
