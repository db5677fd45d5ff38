output "topics" {
  description = "Each topic's full name, and that of the topic for what nobody could handle."
  value = {
    for name, topic in google_pubsub_topic.event :
    name => { id = topic.id, rejected_id = google_pubsub_topic.rejected[name].id }
  }
}

output "public_url" {
  description = "Where the API answers; /.well-known/dumont.json there says where each area of it is."
  value       = local.public_url
}

output "site_url" {
  description = "Where people open the pages; null where none were built."
  value       = local.has_site ? (local.balanced ? "${local.site_url}/" : "${local.site_url}/sign-in") : null
}

output "environment" {
  description = "What a program on another machine needs to act on the deployment's store and blobs."
  value       = local.environment
}

output "master_key" {
  description = "The secret that holds the master key, whose value `make deploy` makes."
  value       = google_secret_manager_secret.master_key.secret_id
}

output "address" {
  description = "Where the host name's A record is to point; null without a load balancer."
  value       = one(module.front_door[*].address)
}
