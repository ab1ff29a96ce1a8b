CREATE TABLE "imported_stage" (
	"stage_key" text PRIMARY KEY NOT NULL,
	"seal_digest" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "seal" (
	"digest" text PRIMARY KEY NOT NULL,
	"study_id" text NOT NULL,
	"origin" text NOT NULL,
	"document" jsonb NOT NULL,
	"envelope" jsonb NOT NULL,
	"leaves_digest" text,
	"recorded_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "seal_digest_is_digest" CHECK ("seal"."digest" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "seal_origin_known" CHECK ("seal"."origin" in ('made', 'imported'))
);
--> statement-breakpoint
ALTER TABLE "imported_stage" ADD CONSTRAINT "imported_stage_stage_key_execution_stage_key_fk" FOREIGN KEY ("stage_key") REFERENCES "public"."execution"("stage_key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imported_stage" ADD CONSTRAINT "imported_stage_seal_digest_seal_digest_fk" FOREIGN KEY ("seal_digest") REFERENCES "public"."seal"("digest") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "seal" ADD CONSTRAINT "seal_study_id_study_id_fk" FOREIGN KEY ("study_id") REFERENCES "public"."study"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "seal" ADD CONSTRAINT "seal_leaves_digest_artifact_digest_fk" FOREIGN KEY ("leaves_digest") REFERENCES "public"."artifact"("digest") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "imported_stage_by_seal" ON "imported_stage" USING btree ("seal_digest");--> statement-breakpoint
CREATE INDEX "seal_of_study" ON "seal" USING btree ("study_id","recorded_at");