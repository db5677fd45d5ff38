terraform {
  required_version = ">= 1.9, < 2"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 7"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region

  # Calls as a person are counted against this project, not against the one of their login.
  user_project_override = true
  billing_project       = var.project_id
}
