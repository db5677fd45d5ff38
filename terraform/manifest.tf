# The one list of functions, topics and schedules; nothing of it is written again here.
locals {
  manifest  = yamldecode(file("${path.module}/../functions/manifest.yaml"))
  topics    = local.manifest.topics
  schedules = local.manifest.schedules
  functions = local.manifest.functions

  http      = { for name, each in local.functions : name => each.trigger.http.paths if can(each.trigger.http) }
  listening = { for name, each in local.functions : name => each.trigger.topic if can(each.trigger.topic) }
  scheduled = { for name, each in local.functions : name => each.trigger.schedule if can(each.trigger.schedule) }

  # By what they serve, so that no name is repeated: the first page, the machines, the minute.
  base    = one([for name, paths in local.http : name if contains(paths, "/")])
  machine = one([for name, paths in local.http : name if anytrue([for path in paths : startswith(path, "/agent/")])])
  sweeper = one([for name, schedule in local.scheduled : name if local.schedules[schedule].period_s == 60])

  labels = { deployment = var.deployment_id }
}
