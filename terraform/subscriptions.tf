module "subscription" {
  source   = "./modules/subscription"
  for_each = local.listening

  project_id     = var.project_id
  name           = each.key
  topic          = google_pubsub_topic.event[each.value].name
  rejected_topic = google_pubsub_topic.rejected[each.value].name
  declared       = local.topics[each.value]
  url            = module.function[each.key].url
  caller_email   = module.function[each.key].caller_email
  agent          = local.pubsub_agent
  labels         = local.labels
}
