CREATE TABLE "doubt" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "doubt_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"digest" text NOT NULL,
	"why" text NOT NULL,
	"raised_at" timestamp with time zone DEFAULT now() NOT NULL,
	"withdrawn_at" timestamp with time zone,
	"withdrawn_why" text,
	CONSTRAINT "doubt_digest_is_digest" CHECK ("doubt"."digest" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "doubt_says_why" CHECK ("doubt"."why" <> ''),
	CONSTRAINT "doubt_withdrawn_says_why" CHECK (("doubt"."withdrawn_at" is null) = ("doubt"."withdrawn_why" is null))
);
--> statement-breakpoint
CREATE TABLE "reproduction" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "reproduction_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"stage_key" text NOT NULL,
	"measurement_id" text NOT NULL,
	"code" text NOT NULL,
	"verdict" text NOT NULL,
	"first_stage" text,
	"environment_class" text NOT NULL,
	"details" jsonb NOT NULL,
	"ran_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "reproduction_measurement_is_digest" CHECK ("reproduction"."measurement_id" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "reproduction_code_known" CHECK ("reproduction"."code" in ('recorded', 'current')),
	CONSTRAINT "reproduction_verdict_known" CHECK ("reproduction"."verdict" in ('same-bytes', 'same-outcomes', 'within-tolerance', 'differs')),
	CONSTRAINT "reproduction_names_first_stage" CHECK (("reproduction"."verdict" = 'same-bytes') = ("reproduction"."first_stage" is null))
);
--> statement-breakpoint
ALTER TABLE "reproduction" ADD CONSTRAINT "reproduction_stage_key_execution_stage_key_fk" FOREIGN KEY ("stage_key") REFERENCES "public"."execution"("stage_key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reproduction" ADD CONSTRAINT "reproduction_environment_class_environment_class_fk" FOREIGN KEY ("environment_class") REFERENCES "public"."environment"("class") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "doubt_by_digest" ON "doubt" USING btree ("digest");--> statement-breakpoint
CREATE INDEX "reproduction_by_stage" ON "reproduction" USING btree ("stage_key");--> statement-breakpoint
CREATE INDEX "reproduction_by_measurement" ON "reproduction" USING btree ("measurement_id");