variable "region" {
  description = "AWS Region of the state bucket."
  type        = string
  default     = "us-east-1"
}

variable "repository" {
  description = "GitHub repository that may deploy, as owner/name, or as the sub of its tokens has it (owner@123/name@456). Empty: no role is made."
  type        = string
  default     = ""

  validation {
    condition     = var.repository == "" || can(regex("^[A-Za-z0-9@-]+/[A-Za-z0-9._@-]+$", var.repository))
    error_message = "repository must be owner/name, or be empty."
  }
}

variable "stages" {
  description = "Stages that may be deployed from GitHub: environments of the repository, and prefixes cis-<stage> of what the role may touch in IAM."
  type        = set(string)
  default     = ["dev", "prod"]
}

variable "oidc_provider_arn" {
  description = "The account's OIDC provider for GitHub, if it has one already: an account can have only one. Empty: it is made."
  type        = string
  default     = ""
}
