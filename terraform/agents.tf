# Google's own accounts in this project. In a new one they are made when they are asked for, which
# `make deploy` does.
locals {
  pubsub_agent = "service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}
