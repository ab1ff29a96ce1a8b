CREATE TABLE "pool_description" (
	"pool" text NOT NULL,
	"digest" text NOT NULL,
	"document" jsonb NOT NULL,
	"described_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pool_description_pool_digest_pk" PRIMARY KEY("pool","digest"),
	CONSTRAINT "pool_description_digest_is_digest" CHECK ("pool_description"."digest" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
ALTER TABLE "configuration_failure" DROP CONSTRAINT "configuration_failure_one_per_stage";--> statement-breakpoint
ALTER TABLE "configuration_failure" ADD COLUMN "stage_key" text;--> statement-breakpoint
CREATE INDEX "pool_description_by_time" ON "pool_description" USING btree ("pool","described_at");--> statement-breakpoint
ALTER TABLE "configuration_failure" ADD CONSTRAINT "configuration_failure_one_per_stage" UNIQUE NULLS NOT DISTINCT("study_id","configuration_id","stage","perturbation_key","stage_key");