CREATE TABLE "artifact" (
	"digest" text PRIMARY KEY NOT NULL,
	"size" bigint NOT NULL,
	"media_type" text NOT NULL,
	"recorded_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "artifact_digest_is_digest" CHECK ("artifact"."digest" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "artifact_size_not_negative" CHECK ("artifact"."size" >= 0)
);
--> statement-breakpoint
CREATE TABLE "attempt" (
	"stage_key" text NOT NULL,
	"id" text NOT NULL,
	"number" integer NOT NULL,
	"worker" text NOT NULL,
	"device" text,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"outcome" text NOT NULL,
	"failure_class" text,
	"message" text,
	"workflow_id" text,
	"run_id" text,
	"generated" jsonb,
	"details" jsonb NOT NULL,
	CONSTRAINT "attempt_stage_key_id_pk" PRIMARY KEY("stage_key","id"),
	CONSTRAINT "attempt_number_from_one" CHECK ("attempt"."number" >= 1),
	CONSTRAINT "attempt_outcome_known" CHECK ("attempt"."outcome" in ('running', 'fulfilled', 'failed', 'superseded', 'withdrawn')),
	CONSTRAINT "attempt_ended_unless_running" CHECK (("attempt"."outcome" = 'running') = ("attempt"."ended_at" is null)),
	CONSTRAINT "attempt_failed_has_class" CHECK (("attempt"."outcome" = 'failed') = ("attempt"."failure_class" is not null)),
	CONSTRAINT "attempt_finished_names_artifacts" CHECK ("attempt"."outcome" in ('running', 'failed') or "attempt"."generated" is not null)
);
--> statement-breakpoint
CREATE TABLE "configuration" (
	"id" text PRIMARY KEY NOT NULL,
	"dataset" text NOT NULL,
	"backbone" text NOT NULL,
	"loss" text NOT NULL,
	"protocol" text NOT NULL,
	"seed" bigint NOT NULL,
	"document" jsonb NOT NULL,
	CONSTRAINT "configuration_id_is_digest" CHECK ("configuration"."id" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
CREATE TABLE "configuration_failure" (
	"study_id" text NOT NULL,
	"configuration_id" text NOT NULL,
	"stage" text NOT NULL,
	"perturbation_key" text,
	"failure_class" text NOT NULL,
	"message" text NOT NULL,
	"evidence" jsonb NOT NULL,
	"recorded_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "configuration_failure_one_per_stage" UNIQUE NULLS NOT DISTINCT("study_id","configuration_id","stage","perturbation_key"),
	CONSTRAINT "configuration_failure_has_class" CHECK ("configuration_failure"."failure_class" <> '')
);
--> statement-breakpoint
CREATE TABLE "environment" (
	"class" text PRIMARY KEY NOT NULL,
	"document" jsonb,
	CONSTRAINT "environment_class_is_digest" CHECK ("environment"."class" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
CREATE TABLE "exclusion" (
	"study_id" text NOT NULL,
	"position" integer NOT NULL,
	"cell" jsonb NOT NULL,
	"reason" text NOT NULL,
	CONSTRAINT "exclusion_study_id_position_pk" PRIMARY KEY("study_id","position")
);
--> statement-breakpoint
CREATE TABLE "execution" (
	"stage_key" text PRIMARY KEY NOT NULL,
	"stage" text NOT NULL,
	"configuration_id" text,
	"parameters" jsonb NOT NULL,
	"seed" bigint NOT NULL,
	"code_digest" text NOT NULL,
	"environment_class" text NOT NULL,
	"inputs" jsonb NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"fulfilled_at" timestamp with time zone,
	CONSTRAINT "execution_stage_key_is_digest" CHECK ("execution"."stage_key" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "execution_code_digest_is_digest" CHECK ("execution"."code_digest" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "execution_state_known" CHECK ("execution"."state" in ('open', 'fulfilled')),
	CONSTRAINT "execution_fulfilled_has_time" CHECK (("execution"."state" = 'fulfilled') = ("execution"."fulfilled_at" is not null))
);
--> statement-breakpoint
CREATE TABLE "execution_artifact" (
	"stage_key" text NOT NULL,
	"direction" text NOT NULL,
	"role" text NOT NULL,
	"digest" text NOT NULL,
	CONSTRAINT "execution_artifact_stage_key_direction_role_pk" PRIMARY KEY("stage_key","direction","role"),
	CONSTRAINT "execution_artifact_direction_known" CHECK ("execution_artifact"."direction" in ('used', 'generated'))
);
--> statement-breakpoint
CREATE TABLE "measurement" (
	"id" text PRIMARY KEY NOT NULL,
	"configuration_id" text NOT NULL,
	"perturbation_key" text NOT NULL,
	"stage_key" text NOT NULL,
	"outcomes_digest" text NOT NULL,
	"evaluator" text NOT NULL,
	"correct" integer NOT NULL,
	"total" integer NOT NULL,
	"recorded_at" timestamp with time zone DEFAULT now() NOT NULL,
	"confirmed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "measurement_of_evaluation" UNIQUE("configuration_id","perturbation_key","stage_key"),
	CONSTRAINT "measurement_id_is_digest" CHECK ("measurement"."id" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "measurement_total_positive" CHECK ("measurement"."total" > 0),
	CONSTRAINT "measurement_correct_in_range" CHECK ("measurement"."correct" between 0 and "measurement"."total")
);
--> statement-breakpoint
CREATE TABLE "perturbation" (
	"key" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"epsilon" double precision,
	"evaluator" text NOT NULL,
	"document" jsonb NOT NULL,
	CONSTRAINT "perturbation_key_is_digest" CHECK ("perturbation"."key" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "perturbation_epsilon_not_negative" CHECK ("perturbation"."epsilon" >= 0)
);
--> statement-breakpoint
CREATE TABLE "study" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"document" jsonb NOT NULL,
	"file" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "study_id_is_digest" CHECK ("study"."id" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
CREATE TABLE "study_configuration" (
	"study_id" text NOT NULL,
	"configuration_id" text NOT NULL,
	"position" integer NOT NULL,
	CONSTRAINT "study_configuration_study_id_configuration_id_pk" PRIMARY KEY("study_id","configuration_id"),
	CONSTRAINT "study_configuration_position" UNIQUE("study_id","position")
);
--> statement-breakpoint
CREATE TABLE "study_perturbation" (
	"study_id" text NOT NULL,
	"perturbation_key" text NOT NULL,
	"position" integer NOT NULL,
	CONSTRAINT "study_perturbation_study_id_perturbation_key_pk" PRIMARY KEY("study_id","perturbation_key"),
	CONSTRAINT "study_perturbation_position" UNIQUE("study_id","position")
);
--> statement-breakpoint
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_stage_key_execution_stage_key_fk" FOREIGN KEY ("stage_key") REFERENCES "public"."execution"("stage_key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "configuration_failure" ADD CONSTRAINT "configuration_failure_perturbation_key_perturbation_key_fk" FOREIGN KEY ("perturbation_key") REFERENCES "public"."perturbation"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "configuration_failure" ADD CONSTRAINT "configuration_failure_of_study" FOREIGN KEY ("study_id","configuration_id") REFERENCES "public"."study_configuration"("study_id","configuration_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "exclusion" ADD CONSTRAINT "exclusion_study_id_study_id_fk" FOREIGN KEY ("study_id") REFERENCES "public"."study"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "execution" ADD CONSTRAINT "execution_configuration_id_configuration_id_fk" FOREIGN KEY ("configuration_id") REFERENCES "public"."configuration"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "execution" ADD CONSTRAINT "execution_environment_class_environment_class_fk" FOREIGN KEY ("environment_class") REFERENCES "public"."environment"("class") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "execution_artifact" ADD CONSTRAINT "execution_artifact_stage_key_execution_stage_key_fk" FOREIGN KEY ("stage_key") REFERENCES "public"."execution"("stage_key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "execution_artifact" ADD CONSTRAINT "execution_artifact_digest_artifact_digest_fk" FOREIGN KEY ("digest") REFERENCES "public"."artifact"("digest") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "measurement" ADD CONSTRAINT "measurement_configuration_id_configuration_id_fk" FOREIGN KEY ("configuration_id") REFERENCES "public"."configuration"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "measurement" ADD CONSTRAINT "measurement_perturbation_key_perturbation_key_fk" FOREIGN KEY ("perturbation_key") REFERENCES "public"."perturbation"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "measurement" ADD CONSTRAINT "measurement_stage_key_execution_stage_key_fk" FOREIGN KEY ("stage_key") REFERENCES "public"."execution"("stage_key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "measurement" ADD CONSTRAINT "measurement_outcomes_digest_artifact_digest_fk" FOREIGN KEY ("outcomes_digest") REFERENCES "public"."artifact"("digest") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "study_configuration" ADD CONSTRAINT "study_configuration_study_id_study_id_fk" FOREIGN KEY ("study_id") REFERENCES "public"."study"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "study_configuration" ADD CONSTRAINT "study_configuration_configuration_id_configuration_id_fk" FOREIGN KEY ("configuration_id") REFERENCES "public"."configuration"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "study_perturbation" ADD CONSTRAINT "study_perturbation_study_id_study_id_fk" FOREIGN KEY ("study_id") REFERENCES "public"."study"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "study_perturbation" ADD CONSTRAINT "study_perturbation_perturbation_key_perturbation_key_fk" FOREIGN KEY ("perturbation_key") REFERENCES "public"."perturbation"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "attempt_one_fulfilled" ON "attempt" USING btree ("stage_key") WHERE "attempt"."outcome" = 'fulfilled';--> statement-breakpoint
CREATE INDEX "configuration_by_backbone" ON "configuration" USING btree ("backbone");--> statement-breakpoint
CREATE INDEX "configuration_failure_by_cell" ON "configuration_failure" USING btree ("study_id","configuration_id");--> statement-breakpoint
CREATE INDEX "execution_by_stage" ON "execution" USING btree ("stage","configuration_id");--> statement-breakpoint
CREATE INDEX "execution_by_configuration" ON "execution" USING btree ("configuration_id");--> statement-breakpoint
CREATE INDEX "execution_artifact_by_digest" ON "execution_artifact" USING btree ("digest","direction");--> statement-breakpoint
CREATE INDEX "measurement_by_stage" ON "measurement" USING btree ("stage_key");--> statement-breakpoint
CREATE INDEX "measurement_by_outcomes" ON "measurement" USING btree ("outcomes_digest");--> statement-breakpoint
CREATE INDEX "study_by_name" ON "study" USING btree ("name","created_at");--> statement-breakpoint
CREATE INDEX "study_configuration_by_configuration" ON "study_configuration" USING btree ("configuration_id");