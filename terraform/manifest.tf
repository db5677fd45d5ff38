# The one list of topics; nothing of it is written again here.
locals {
  manifest = yamldecode(file("${path.module}/../functions/manifest.yaml"))
  topics   = local.manifest.topics

  labels = { deployment = var.deployment_id }
}
