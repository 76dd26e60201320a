terraform {
  required_version = ">= 1.9" # Terraform or OpenTofu

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
  }

  # Which bucket: environments/<name>.s3.tfbackend, which bootstrap/ prints.
  backend "s3" {}
}
